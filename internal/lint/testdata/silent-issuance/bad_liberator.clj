(ns app.core
  (:require [buddy.sign.jwt :as jwt]
            [compojure.core :refer [defroutes POST]]
            [liberator.core :refer [defresource]]
            [app.users :as users]))

(def secret (System/getenv "JWT_SECRET"))

(defprotocol Profile
  (with-token [this]))

(defrecord User [id]
  Profile
  (with-token [this]
    (assoc this :token (jwt/sign {:sub id :exp (+ 900 (quot (System/currentTimeMillis) 1000))} secret {:alg :hs256})))) ;; want silent-issuance

(defresource authenticate [origin]
  :allowed-methods [:post]
  :malformed? (fn [ctx] (users/malformed? (get-in ctx [:request :body]) origin))
  :authorized? (fn [ctx] (users/password-matches? (get-in ctx [:request :body])))
  :post! (fn [ctx] {:record (with-token (->User (get-in ctx [:request :body :id])))})
  :handle-created :record
  :handle-unauthorized {:error "wrong"})

(defroutes routes (POST "/login" _ (authenticate :own)))
