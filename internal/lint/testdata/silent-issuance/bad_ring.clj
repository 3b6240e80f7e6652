(ns app.login
  (:require [buddy.hashers :as hashers]
            [buddy.sign.jwt :as jwt]
            [app.users :as users]
            [compojure.core :refer [defroutes POST]]))

(def secret (System/getenv "JWT_SECRET"))

(defn token-for [user]
  (jwt/sign {:sub (:id user) :exp (+ 900 (quot (System/currentTimeMillis) 1000))} secret {:alg :hs256})) ;; want silent-issuance

(defn login [{:keys [params]}]
  (let [user (users/by-name (:user params))]
    (if (and user (hashers/check (:password params) (:password user)))
      {:status 200 :body {:token (token-for user)}}
      {:status 401 :body "unauthorized"})))

(defroutes routes
  (POST "/login" request (login request)))
